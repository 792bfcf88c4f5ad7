-- Values around and far beyond the length from which the second reader compares hashes, and beyond half of max_allowed_packet (16 MB here).
CREATE TABLE document (id int PRIMARY KEY, body longtext CHARACTER SET utf8mb4, old longtext CHARACTER SET latin1, data longblob);
INSERT INTO document VALUES
 (1, REPEAT('a', 4096), REPEAT('ä', 4096), REPEAT(UNHEX('00ff'), 2048)),
 (2, REPEAT('ü', 2049), REPEAT('ä', 2049), REPEAT(UNHEX('00ff'), 2049)),
 (3, REPEAT('😀', 500000), REPEAT('é', 1000000), REPEAT(UNHEX('00ff'), 5000000)),
 (4, '', '', ''), (5, NULL, NULL, NULL);
