// The command line from the sources, for tests: what bin/hyperferry.js does with the built files.
import { main } from '../../packages/hyperferry/src/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
