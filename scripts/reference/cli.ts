// docs/reference/cli.md
import type { Flag } from '../../packages/hyperferry/src/cli/command.ts'
import { COMMANDS } from '../../packages/hyperferry/src/cli/commands.ts'
import { COMMON, MUTATING } from '../../packages/hyperferry/src/cli/flags.ts'

export function cliPage(): string {
  return [
    '# Commands',
    '',
    'Generated from the commands. `hyperferry <command> --help` prints the same.',
    '',
    'Every command has these flags:',
    '',
    ...flagTable(COMMON),
    '',
    'Commands that change the target ask first on a terminal; without one they need `--yes`. They have these too:',
    '',
    ...flagTable(MUTATING),
    '',
    ...COMMANDS.flatMap((command) => [
      `## ${command.name}`,
      '',
      command.summary,
      '',
      ...(command.details === undefined ? [] : [command.details, '']),
      ...(command.argument ? [`\`${command.argument.name}\`: ${command.argument.help}`, ''] : []),
      ...flagTable(command.flags),
      '',
      '```',
      ...command.examples,
      '```',
      '',
      `\`--json\`: \`${command.json}\``,
      '',
      command.mutating ? 'Changes the target.' : 'Changes nothing in source or target.',
      '',
    ]),
  ].join('\n')
}

function flagTable(flags: readonly Flag[]): string[] {
  if (flags.length === 0) return []
  return [
    '| flag | meaning | default |',
    '| --- | --- | --- |',
    ...flags.map(
      (flag) =>
        `| \`${flag.flags}\` | ${flag.help.replaceAll('|', '\\|')} | ${flag.default === undefined ? '' : `\`${flag.default}\``} |`,
    ),
  ]
}
