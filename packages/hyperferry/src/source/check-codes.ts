/** Codes that only `check` prints: facts about a source that are no errors. The reference is made from it. */
export const CHECK_CODES = {
  'HF-C030': 'Whether the source account can only read. It needs no more.',
  'HF-C031': 'Whether the source is a replica, and how far behind: rows that have not arrived there are not copied.',
  'HF-C032': 'Whether every table can be read as of one instant. MyISAM, MEMORY and Aria cannot.',
  'HF-C033': 'Whether max_allowed_packet lets the largest values through.',
  'HF-C034': 'Whether the source has connections to spare for the workers.',
  'HF-C035': 'Settings of the source that decide how names and text are to be understood.',
  'HF-C037': 'How reading and writing share a SQLite file: journal mode, WAL, locks.',
} as const
