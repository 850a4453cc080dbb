import { decodeSegment } from '../routing/path-shape.ts'
import type { OperationContract } from './contract.ts'
import { parametersOf } from './public-path.ts'

/** An operation that a request asks for, with the raw texts of its path's parameters. */
export interface FoundOperation {
  readonly operation: OperationContract
  readonly values: ReadonlyMap<string, string>
}

interface Node {
  readonly literals: Map<string, Node>
  /** Segments with parameters in them, and those that are one as a whole. */
  readonly patterns: Map<string, { readonly parts: readonly string[]; readonly node: Node }>
  whole: Node | undefined
  /** By method. */
  readonly operations: Map<string, OperationContract>
}

/**
 * Finds operations by paths: a literal segment before one with parameters in it, that before one that is a parameter
 * (OpenAPI 3.1 section 4.8.8.2).
 */
export class OperationPaths {
  readonly #root = newNode()

  constructor(operations: readonly OperationContract[]) {
    for (const operation of operations) {
      let node = this.#root
      for (const segment of operation.template.split('/').slice(1)) node = childOf(node, segment)
      node.operations.set(operation.method, operation)
    }
  }

  /**
   * @param path - Raw, without query.
   * @returns The operation; the methods that the path has when this is none of them; undefined when there is no such path.
   */
  find(method: string, path: string): FoundOperation | readonly string[] | undefined {
    const values: string[] = []
    const node = walk(this.#root, path.split('/').slice(1), 0, values)
    if (!node) return undefined
    // What is said of GET holds for HEAD (RFC 9110 section 9.3.2).
    const operation = node.operations.get(method) ?? (method === 'HEAD' && node.operations.get('GET'))
    if (!operation) return [...node.operations.keys()]
    const names = parametersOf(operation.template)
    return { operation, values: new Map(names.map((name, index) => [name, values[index]!])) }
  }
}

function newNode(): Node {
  return { literals: new Map(), patterns: new Map(), whole: undefined, operations: new Map() }
}

function childOf(node: Node, segment: string): Node {
  const names = parametersOf(segment)
  if (names.length === 0) return childIn(node.literals, decodeSegment(segment))
  const parts = segment.split(/\{[^{}]+\}/)
  if (names.length === 1 && parts.every((part) => part === '')) return (node.whole ??= newNode())
  const key = parts.join('{}')
  let pattern = node.patterns.get(key)
  if (!pattern) node.patterns.set(key, (pattern = { parts, node: newNode() }))
  return pattern.node
}

function childIn(children: Map<string, Node>, key: string): Node {
  let child = children.get(key)
  if (!child) children.set(key, (child = newNode()))
  return child
}

function walk(node: Node, segments: readonly string[], index: number, values: string[]): Node | undefined {
  const segment = segments[index]
  if (segment === undefined) return node.operations.size > 0 ? node : undefined
  const literal = node.literals.get(decodeSegment(segment))
  const found = literal && walk(literal, segments, index + 1, values)
  if (found || segment === '') return found
  for (const { parts, node: next } of node.patterns.values()) {
    const texts = textsBetween(segment, parts)
    if (!texts) continue
    values.push(...texts)
    const match = walk(next, segments, index + 1, values)
    if (match) return match
    values.length -= texts.length
  }
  if (!node.whole) return undefined
  values.push(segment)
  const match = walk(node.whole, segments, index + 1, values)
  if (!match) values.pop()
  return match
}

/** What stands between literal parts; each takes the first place that it can, so that this takes no second look. */
function textsBetween(text: string, parts: readonly string[]): string[] | undefined {
  const [first = '', ...others] = parts
  const last = others.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined
  const texts: string[] = []
  let rest = text.slice(first.length, Math.max(first.length, text.length - last.length))
  for (const part of others) {
    const at = part === '' ? 1 : rest.indexOf(part, 1)
    if (at < 1) return undefined
    texts.push(rest.slice(0, at))
    rest = rest.slice(at + part.length)
  }
  return rest === '' ? undefined : [...texts, rest]
}
