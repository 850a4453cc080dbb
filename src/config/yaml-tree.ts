import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter } from 'yaml'
import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from 'yaml'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { SourceMap } from './source-map.ts'
import { atOnce } from './turns.ts'
import { parseDocument } from './yaml-document.ts'

/** A parsed file: plain data, the lines of it, and what was wrong with it as YAML. */
export interface YamlTree {
  readonly value: unknown
  readonly lines: SourceMap
  /** Whether the syntax is broken; `value` then means nothing. */
  readonly broken: boolean
  /** Syntax errors; or values that can't be used, such as aliases of nothing. */
  readonly findings: readonly Finding[]
  /** Second keys of the same name. The value at their path is the first one's, and as good as any. */
  readonly duplicates: readonly Finding[]
}

/** Aliases may repeat this many values; a few bytes of nested ones could otherwise stand for gigabytes. */
const MAX_ALIASED = 50_000

const UNQUOTED_HINT = '; a text with ${…} needs quotes inside of { } and [ ]'

/**
 * Parses YAML 1.2, of which JSON is a subset, into plain data. Anchors, aliases and `<<` merges are resolved. Of
 * two equal keys the first counts, and the second is a finding.
 */
export function parseYaml(text: string): YamlTree {
  return atOnce(parseYamlInSteps(text))
}

/** {@link parseYaml}, with pauses for a thread that has other work. */
export function* parseYamlInSteps(text: string): Generator<void, YamlTree> {
  const counter = new LineCounter()
  const document = yield* parseDocument(text, counter)
  yield
  const syntax = syntaxFindings(document, text, counter)
  const builder = new TreeBuilder(document, counter)
  const { lines, findings, duplicates } = builder
  if (syntax.length > 0) return { value: undefined, lines, broken: true, findings: syntax, duplicates }
  return { value: builder.build(document.contents, [], 1), lines, broken: false, findings, duplicates }
}

/** One error a line: what follows on the same line mostly follows from the first. */
function syntaxFindings(document: Document.Parsed, text: string, counter: LineCounter): Finding[] {
  const byLine = new Map<number, Finding>()
  for (const error of [...document.errors, ...document.warnings]) {
    const { line } = counter.linePos(error.pos[0])
    const hint = text.split('\n')[line - 1]?.includes('${') ? UNQUOTED_HINT : ''
    const message =
      error.code === 'MULTIPLE_DOCS'
        ? 'expected one YAML document, got another after it'
        : `expected valid YAML: ${error.message.split('\n')[0] ?? ''}${hint}`
    if (!byLine.has(line)) byLine.set(line, { path: [], line, message })
  }
  return [...byLine.values()]
}

class TreeBuilder {
  readonly lines = new SourceMap()
  readonly findings: Finding[] = []
  readonly duplicates: Finding[] = []
  readonly #document: Document
  readonly #counter: LineCounter
  /** Targets of the aliases that are being followed now, to see when one contains itself. */
  readonly #following = new Set<Node>()
  #aliased = 0

  constructor(document: Document, counter: LineCounter) {
    this.#document = document
    this.#counter = counter
  }

  /** @param keyLine - Line of the key that the node belongs to. */
  build(node: unknown, path: Path, keyLine: number): unknown {
    if (this.#hasTooMany()) return undefined
    if (isAlias(node)) {
      const value = this.#follow(node, path, keyLine, (target) => this.build(target, path, keyLine))
      const line = this.#lineOf(node, keyLine)
      this.lines.add(path, line, keyLine)
      return value
    }
    const isEmpty = !isScalar(node) || node.value === null
    this.lines.add(path, isEmpty ? keyLine : this.#lineOf(node, keyLine), keyLine)
    if (isScalar(node)) return this.#scalar(node, path)
    if (isSeq(node)) {
      return node.items.map((item, index) => this.build(item, [...path, index], this.#lineOf(item, keyLine)))
    }
    if (!isMap(node)) return null
    const pairs = [...this.#pairsOf(node, path)]
    return Object.fromEntries(
      pairs.map(([key, pair]) => [
        key,
        this.build(pair.value, [...path, key], this.#lineOf(pair.key, keyLine))
      ])
    )
  }

  #scalar(node: Scalar, path: Path): unknown {
    if (node.value === null || typeof node.value !== 'object') return node.value
    this.findings.push({
      path,
      message: `expected a text, number, true or false, got ${node.tag ?? 'a tag'}`
    })
    return undefined
  }

  /** The pairs of a mapping; merged ones (`<<`, as in YAML 1.1) after its own, which win. */
  #pairsOf(map: YAMLMap, path: Path): Map<string, Pair> {
    const pairs = new Map<string, Pair>()
    for (const pair of map.items.filter((item) => !isMerge(item))) {
      const key = keyOf(pair)
      const first = pairs.get(key)
      if (first) this.#reportDuplicate(key, first, pair, path)
      else pairs.set(key, pair)
    }
    for (const { value, key } of map.items.filter(isMerge)) {
      for (const source of isSeq(value) ? value.items : [value]) {
        for (const [name, pair] of this.#mergedPairs(source, path, this.#lineOf(key, 1))) {
          if (!pairs.has(name)) pairs.set(name, pair)
        }
      }
    }
    return pairs
  }

  #mergedPairs(source: unknown, path: Path, line: number): Map<string, Pair> {
    if (this.#hasTooMany()) return new Map()
    if (isMap(source)) return this.#pairsOf(source, path)
    if (isAlias(source)) {
      return this.#follow(source, path, line, (node) => this.#mergedPairs(node, path, line)) ?? new Map()
    }
    this.findings.push({ path: [...path, '<<'], line, message: 'expected an alias of a mapping' })
    return new Map()
  }

  #follow<T>(alias: Alias, path: Path, keyLine: number, use: (target: Node) => T): T | undefined {
    const target = alias.resolve(this.#document)
    if (target === undefined || this.#following.has(target)) {
      const expected = target ? 'an alias of something that does not contain it' : 'an anchor defined before'
      const line = this.#lineOf(alias, keyLine)
      this.findings.push({ path, line, message: `expected ${expected}, got *${alias.source}` })
      return undefined
    }
    this.#following.add(target)
    const result = use(target)
    this.#following.delete(target)
    return result
  }

  #hasTooMany(): boolean {
    if (this.#following.size === 0 || ++this.#aliased < MAX_ALIASED) return false
    if (this.#aliased === MAX_ALIASED) {
      this.findings.push({ path: [], message: `expected aliases to repeat fewer than ${MAX_ALIASED} values` })
    }
    return true
  }

  #reportDuplicate(key: string, first: Pair, second: Pair, path: Path): void {
    // Inside of an anchor it would come again with every alias.
    if (this.#following.size > 0) return
    const firstLine = this.#lineOf(first.key, 1)
    const message = `expected every key once, got ${JSON.stringify(key)} again; the first is at line ${firstLine}`
    this.duplicates.push({ path: [...path, key], line: this.#lineOf(second.key, 1), message })
  }

  #lineOf(node: unknown, otherwise: number): number {
    const offset = (node as Partial<Node> | null | undefined)?.range?.[0]
    return offset === undefined ? otherwise : this.#counter.linePos(offset).line
  }
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN'
}

/** A key as text: `1` and `"1"` are the same key, as they are in JSON; a mapping as a key is its source. */
function keyOf({ key }: Pair): string {
  if (isScalar<string | number | boolean | null>(key)) return String(key.value ?? '')
  return isNode(key) ? key.toString() : ''
}
