-- The passwords of .env, by way of the server's environment.
\getenv owner POSTGRES_PASSWORD
\getenv writer WRITER_PASSWORD
\getenv reader READER_PASSWORD
set log_statement = none;
alter role tapeline_owner password :'owner';
alter role tapeline_writer password :'writer';
alter role tapeline_reader password :'reader';
