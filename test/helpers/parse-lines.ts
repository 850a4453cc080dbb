/** One line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>

/** The lines of a text that are JSON objects. */
export function parseLines(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
}
