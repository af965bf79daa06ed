-- Only of SQLite, whose disk is the program's own.
select 1;
