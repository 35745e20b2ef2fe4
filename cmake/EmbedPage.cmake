# Writes OUTPUT, a C++ file that holds the bytes of FILES; the assembler takes them in, the compiler never sees them.
set(blobs "")
set(declarations "")
set(entries "")
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(APPEND blobs "asm(R\"__asm__(
  .section .rodata
  .global tapeline_page_${number}
  .global tapeline_page_${number}_end
tapeline_page_${number}:
  .incbin \"${file}\"
tapeline_page_${number}_end:
  .byte 0
  .section .text
)__asm__\");\n")
  string(APPEND declarations "extern \"C\" const char tapeline_page_${number}[];\nextern \"C\" const char tapeline_page_${number}_end[];\n")
  string(APPEND entries "      {\"${name}\", view(tapeline_page_${number}, tapeline_page_${number}_end)},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"sinks/dashboard/page.hpp\"

${blobs}
${declarations}
namespace tapeline::sinks::dashboard {
namespace {

std::string_view view(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

const EmbeddedFile* files() {
  static const EmbeddedFile all[]{
${entries}  };
  return all;
}

}  // namespace

const EmbeddedFile* embedded_files_begin() noexcept { return files(); }
const EmbeddedFile* embedded_files_end() noexcept { return files() + ${number}; }

}  // namespace tapeline::sinks::dashboard
")
