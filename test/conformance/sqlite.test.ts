import { describeSource } from './source.suite.ts'
import { sqliteFixture } from './sqlite.fixture.ts'

describeSource('SQLite', sqliteFixture)
