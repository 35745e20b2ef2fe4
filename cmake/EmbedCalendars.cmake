# Writes OUTPUT, a C++ file that holds the CSV files of FILES as text, each under its name.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "      {\"${name}\", R\"csv(${text})csv\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"app/schedule/session_days.hpp\"

namespace tapeline::app {

std::span<const EmbeddedCalendar> embedded_calendars() noexcept {
  static constexpr EmbeddedCalendar all[]{
${entries}  };
  return all;
}

}  // namespace tapeline::app
")
