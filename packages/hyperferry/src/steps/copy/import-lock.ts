/** The name under which one tool at a time works on an import. */
export function importLock(name: string): string {
  return `import ${name}`
}
