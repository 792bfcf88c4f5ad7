#!/usr/bin/env node
// Says which Node.js is needed before any file is loaded that an older one cannot read.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

// An interrupt while the files are still loading: nothing was begun. The command line takes over these signals.
function interrupted() {
  const error = {
    code: 'HF-B022',
    message: 'interrupted before anything was begun',
    hint: 'Run the same command again.',
  }
  if (process.argv.includes('--json')) process.stdout.write(JSON.stringify({ error: error }) + '\n')
  process.stderr.write('Error (' + error.code + '): ' + error.message + '\nTry: ' + error.hint + '\n')
  process.exit(4)
}
process.on('SIGINT', interrupted)
process.on('SIGTERM', interrupted)

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
