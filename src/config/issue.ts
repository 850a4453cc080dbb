import { isAbsolute, relative } from 'node:path'
import type { Path } from './path.ts'

/** One error of a configuration, as data. */
export interface ConfigIssue {
  /** Relative to the current directory when below it, else absolute. */
  readonly file: string
  /** Starts at 1. */
  readonly line: number
  /** As {@link formatPath} writes it: `upstreams.catalog.backends[0].weight`. */
  readonly path: string
  /** What was expected, and what was found instead. Never holds an interpolated value. */
  readonly message: string
}

/** An error at a place of a document whose line is still to be found. */
export interface Finding {
  readonly path: Path
  readonly message: string
  /** Whether the key itself is wrong (its line is meant) or the value. Absent = the value. */
  readonly at?: 'key'
  /** The line, where the finder knows it already. */
  readonly line?: number
}

/** A configuration that is not valid. The message is all issues, one per line. */
export class ConfigError extends Error {
  /** Sorted by file, then line. Never empty. */
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[]) {
    const sorted = sortIssues(issues)
    super(sorted.map(formatIssue).join('\n'))
    this.name = 'ConfigError'
    this.issues = sorted
  }
}

/** Writes an issue as one line, `FILE:LINE: path: what was expected`. */
export function formatIssue(issue: ConfigIssue): string {
  return `${issue.file}:${issue.line}: ${issue.path}: ${issue.message}`
}

/** Orders issues by file, then line, then path. */
export function sortIssues(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.toSorted((a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.path, b.path))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * How a file is named in messages: relative to a folder when below it, else absolute.
 *
 * @param file - An absolute path.
 * @param folder - By default the current directory.
 */
export function displayFile(file: string, folder = process.cwd()): string {
  const path = relative(folder, file)
  return path === '' || isAbsolute(path) || /^\.\.(?:[\\/]|$)/.test(path) ? file : path
}
