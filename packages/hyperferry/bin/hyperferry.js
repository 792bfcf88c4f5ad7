#!/usr/bin/env node
// Says which Node.js is needed before any file is loaded that an older one cannot read.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  void import('../dist/cli/main.js')
    .then((cli) => cli.main(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode
    })
} else {
  process.stderr.write(
    'hyperferry needs Node.js 22.18 or newer; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\nInstall a current Node.js, or run the command with another one: /path/to/node ' +
      process.argv[1] +
      '\n',
  )
  process.exitCode = 2
}
