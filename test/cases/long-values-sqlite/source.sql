-- The same in SQLite, with a row of twenty megabytes.
CREATE TABLE document (id INTEGER PRIMARY KEY, body TEXT, data BLOB);
INSERT INTO document VALUES
 (1, replace(hex(zeroblob(2048)), '0', 'a'), zeroblob(4096)), (2, replace(hex(zeroblob(2049)), '0', 'ü'), zeroblob(4097)),
 (3, replace(hex(zeroblob(2000000)), '00', '😀'), zeroblob(20000000)), (4, '', x''), (5, NULL, NULL);
