import type { Interpolated } from './interpolate.ts'
import type { ConfigIssue, Finding } from './issue.ts'
import { formatPath, type Path } from './path.ts'
import { redactPem } from './pem.ts'
import type { SourceMap } from './source-map.ts'

/** A document whose values are checked: the configuration file, or a module with routes. */
export interface SourceDocument {
  /** How messages name its file. */
  readonly file: string
  /** The line of a value (or of its key), starting at 1. */
  lineOf(path: Path, at?: 'key' | 'value'): number
  /** Whether something is written at a path, rather than being a default. */
  has(path: Path): boolean
  /**
   * What was written where an interpolated value stands now, so that messages can quote it without giving the
   * value away. Undefined for everything else.
   */
  writtenAt(path: Path): string | undefined
}

/** The configuration file as a document. */
export function fileDocument(
  file: string,
  lines: SourceMap,
  interpolated: ReadonlyMap<string, Interpolated>
): SourceDocument {
  return {
    file,
    lineOf: (path, at) => lines.lineOf(path, at),
    has: (path) => lines.has(path),
    writtenAt: (path) => interpolated.get(formatPath(path))?.written
  }
}

/** Quotes a value for a message: texts and numbers as they are written, the rest by its kind. One line. */
export function quote(document: SourceDocument, path: Path, value: unknown): string {
  return quoteValue(document.writtenAt(path) ?? value)
}

/** Puts findings at their lines. */
export function toIssues(document: SourceDocument, findings: readonly Finding[]): ConfigIssue[] {
  return findings.map(({ path, message, at, line }) => ({
    file: document.file,
    line: line ?? document.lineOf(path, at),
    // A key of a mapping may be PEM when its quotes are missing.
    path: redactPem(formatPath(path)),
    message: redactPem(message)
  }))
}

const LONGEST = 100

/** As {@link quote}, of a value that was not put in for a placeholder. */
export function quoteValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') {
    // A password in a URL is nobody's business, even in an error; nor is a key.
    const text = redactPem(value.replace(/\/\/\S*@/g, '//…@'))
    return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}
