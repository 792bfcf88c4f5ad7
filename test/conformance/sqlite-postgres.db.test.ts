import { describeDecoding } from './decoding.suite.ts'
import { sqliteFixture } from './sqlite.fixture.ts'

await describeDecoding('SQLite', sqliteFixture)
