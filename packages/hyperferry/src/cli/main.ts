/** Entry of the command line: parses, runs one command, prints one result. The only place that ends the process. */
import { Command, CommanderError, Option } from 'commander'
import { CATALOGUE, codeOf, HyperferryError, messageOf, redact, VERSION } from '../index-copy.ts'
import type { CommandSpec, Flag, Outcome } from './command.ts'
import { copy } from './copy.ts'
import { COMMON, MUTATING } from './flags.ts'
import { createIo } from './io.ts'
import { toJson } from './json.ts'
import { peerArguments } from './peer-flags.ts'

/** Runs `argv` (without node and script) and returns the exit code. */
export async function main(typed: readonly string[]): Promise<number> {
  outliveReaders()
  const argv = typed[0] === 'copy' ? peerArguments(typed) : typed
  const commands = await commandsFor(argv)
  if (argv.length === 0) {
    process.stderr.write(buildProgram(commands, async () => {}).helpInformation())
    return 2
  }
  const wanted = { json: argv.includes('--json'), verbose: argv.includes('--verbose') }
  let outcome: Outcome | null = null
  const program = buildProgram(commands, async (spec, flags, given) => {
    outcome = await runCommand(spec, flags, given)
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return fail(fromCommander(error), wanted)
  }
  return outcome === null ? 0 : print(outcome, wanted.json)
}

/** Whoever reads our output may have seen enough (`| head`): the work goes on, and its exit code says how it ended. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (codeOf(error) !== 'EPIPE') throw error
    })
  }
}

type Runner = (spec: CommandSpec, flags: Record<string, unknown>, given: readonly string[]) => Promise<void>

/** Loading the whole engine takes a quarter of a second of a CPU: as long as `copy` needs for 100 MB. */
async function commandsFor(argv: readonly string[]): Promise<readonly CommandSpec[]> {
  return argv[0] === 'copy' ? [copy] : (await import('./commands.ts')).COMMANDS
}

function buildProgram(commands: readonly CommandSpec[], run: Runner): Command {
  const program = new Command('hyperferry')
    .description('Moves a database into TimescaleDB or PostgreSQL without losing a row.')
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  for (const spec of commands) program.addCommand(buildCommand(spec, run))
  program.addHelpText('after', '\nStart with: hyperferry plan --source URL --target URL')
  return program
}

function buildCommand(spec: CommandSpec, run: Runner): Command {
  const command = new Command(spec.name)
    .summary(spec.summary)
    .description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError()
    .allowExcessArguments(false)
  // Several names are several arguments; the help stands at the first.
  for (const [index, name] of (spec.argument?.name.split(' ') ?? []).entries())
    command.argument(name, index === 0 ? spec.argument?.help : undefined)
  for (const flag of [...spec.flags, ...(spec.mutating ? MUTATING : []), ...COMMON]) command.addOption(toOption(flag))
  command.addHelpText('after', ['', 'Examples:', ...spec.examples.map((line) => `  ${line}`)].join('\n'))
  command.action(async (...received: unknown[]) => {
    const given = received.flat().filter((each) => typeof each === 'string')
    await run(spec, command.opts(), spec.argument ? given : [])
  })
  return command
}

function toOption(flag: Flag): Option {
  const option = new Option(flag.flags, flag.help)
  const { parse } = flag
  if (flag.many)
    option.argParser((value: string, all: unknown[] | undefined) => [...(all ?? []), parse ? parse(value) : value])
  else if (parse) option.argParser((value: string) => parse(value))
  if (flag.default !== undefined) option.default(flag.default)
  if (flag.required) option.makeOptionMandatory()
  return option
}

async function runCommand(
  spec: CommandSpec,
  flags: Record<string, unknown>,
  given: readonly string[],
): Promise<Outcome> {
  const argument = given[0] ?? null
  const choices = spec.argument?.choices
  if (argument !== null && choices && !choices.includes(argument)) {
    throw new HyperferryError('HF-U001', {
      what: `${spec.name} ${argument}: not known`,
      hint: `Choose one of: ${choices.join(', ')}.`,
    })
  }
  const io = createIo({
    json: flags['json'] === true,
    yes: flags['yes'] === true,
    stdin: process.stdin,
    stderr: process.stderr,
    env: process.env,
  })
  try {
    return await spec.run({ flags, argument, arguments: given }, io)
  } finally {
    io.close()
  }
}

function print(outcome: Outcome, json: boolean): number {
  process.stdout.write(`${json ? toJson(outcome.document) : outcome.text}\n`)
  return outcome.exitCode ?? 0
}

/** commander's own errors are usage errors; its message is one line that names the flag. */
function fromCommander(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  const what = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  return new HyperferryError('HF-U001', { what, cause: error })
}

function fail(error: unknown, wanted: { json: boolean; verbose: boolean }): number {
  const known = error instanceof HyperferryError ? error : null
  const code = known?.code ?? 'HF-X001'
  const message = redact(messageOf(error))
  const hint = redact(known?.hint ?? CATALOGUE['HF-X001'].hint)
  process.stderr.write(`Error (${code}): ${message}\n`)
  process.stderr.write(`Try: ${hint} See docs/reference/errors.md#${code.toLowerCase()}\n`)
  if (wanted.verbose) {
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      process.stderr.write(`${redact(at.stack ?? '')}\n`)
  }
  if (wanted.json) process.stdout.write(`${toJson({ error: { code, message, hint, ...withDetails(known) } })}\n`)
  return known?.exitCode ?? 1
}

function withDetails(error: HyperferryError | null): object {
  if (error === null || Object.keys(error.details).length === 0) return {}
  return { details: error.details }
}
