# Writes OUTPUT, a C++ file with the SQL of FILES in order of their names.
list(SORT FILES)
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(version ${file} NAME_WE)
  file(READ ${file} sql)
  string(APPEND entries "      {\"${version}\", R\"__sql__(${sql})__sql__\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"sinks/postgres/migrate.hpp\"

namespace tapeline::sinks::postgres {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> all{
${entries}  };
  return all;
}

}  // namespace tapeline::sinks::postgres
")
