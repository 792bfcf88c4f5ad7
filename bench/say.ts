/** What is under way goes to stderr; stdout holds the result alone. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
