import { DocumentError } from './document-error.ts'
import { COMPONENTS, type Field, GRAMMAR, type Kind, type ReferableKind, REFERABLE } from './grammar.ts'
import { isObject, type JsonObject, own, pointerStep, pointerSteps, textAt, valueAtSteps } from './json.ts'
import { componentName, type Names } from './names.ts'
import type { ServiceDocument } from './read-document.ts'
import { repaired } from './repair.ts'
import { moveSchema } from './schemas.ts'

/** References that lead to references, one after the other, before they are taken for a circle. */
const MAX_HOPS = 32

/** Components of the composed document by where they stand: `schemas` → name → component. */
export type Components = Map<string, Map<string, unknown>>

/** What moves objects of one service's document into the composed one. */
export interface TransplantParts {
  readonly group: string
  readonly document: ServiceDocument
  readonly names: Names
  readonly components: Components
  /** Moves a path item of a callback, a webhook or `components.pathItems`, which no route leads to. */
  readonly movePathItem: (item: JsonObject, at: string) => JsonObject
  /** Where a link leads in the composed document; undefined when that operation is not in it. */
  readonly linkTarget: (link: JsonObject) => JsonObject | undefined
}

interface Waiting {
  readonly kind: ReferableKind
  readonly value: unknown
  readonly name: string
  readonly at: string
}

/**
 * Moves parts of a service's document into the composed one: copies them by the grammar, renames what they refer to, and
 * remembers that to be moved too. What nobody refers to stays behind: it may belong to what no route leads to.
 */
export class Transplant {
  readonly group: string
  readonly document: ServiceDocument
  readonly #parts: TransplantParts
  /** Names in the composed document by pointers in the service's. */
  readonly #moved = new Map<string, string>()
  #waiting: Waiting[] = []

  constructor(parts: TransplantParts) {
    this.group = parts.group
    this.document = parts.document
    this.#parts = parts
  }

  /** Moves an object, or the reference in its place. @param at - Its pointer in the service's document. */
  object(kind: Kind, value: unknown, at: string): JsonObject {
    if (!isObject(value)) throw new DocumentError('invalid', at)
    if (REFERABLE.has(kind)) {
      const reference = this.reference(kind as ReferableKind, value, at)
      if (reference) return reference
    }
    const moved: [string, unknown][] = []
    for (const [key, field] of Object.entries(GRAMMAR[kind])) {
      const inside = own(value, key)
      // YAML has null where nothing was written.
      const isThere = inside !== undefined && (inside !== null || field.kind === 'any')
      const copy = isThere ? this.#field(field, inside, at + pointerStep(key)) : undefined
      if (copy !== undefined) moved.push([key, copy])
      else if (field.isNeeded) throw new DocumentError('invalid', at + pointerStep(key))
    }
    return Object.fromEntries<unknown>([...repaired(kind, moved, at), ...extensions(value)])
  }

  /** A mapping of such objects. */
  map(field: Field, value: unknown, at: string): JsonObject | undefined {
    if (!isObject(value)) return undefined
    const entries = Object.entries(value)
      .filter(([key]) => !key.startsWith('x-'))
      .map(([key, each]) => [key, this.#field({ kind: field.kind }, each, at + pointerStep(key))] as const)
    return Object.fromEntries(entries.filter(([, each]) => each !== undefined))
  }

  /** What stands for a reference; undefined when the value is none. */
  reference(kind: ReferableKind, value: JsonObject, at: string): JsonObject | undefined {
    const ref = textAt(value, '$ref')
    if (ref === undefined) return undefined
    const { isOld } = this.document
    const said = ['summary', 'description'].filter((key) => !isOld && textAt(value, key) !== undefined)
    return {
      $ref: this.target(kind, ref, at),
      ...Object.fromEntries(said.map((key) => [key, value[key]]))
    }
  }

  /** What a reference becomes: it leads to a component of this group's own, which is moved too. */
  target(kind: ReferableKind, ref: string, at: string): string {
    const { steps, value } = this.#find(ref, at)
    // Whatever is referred to becomes a component: what lies deeper, or below a path, may not stay where it is.
    const isComponent = steps.length === 3 && steps[0] === 'components' && steps[1] === COMPONENTS[kind]
    const moved = this.#use(kind, steps, value, isComponent ? steps[2]! : steps.slice(-2).join('_'))
    return `#/components/${COMPONENTS[kind]}/${moved}`
  }

  /** The component of this group with this name, moved too; undefined when there is none. */
  component(kind: ReferableKind, name: string): string | undefined {
    const steps = ['components', COMPONENTS[kind], name]
    const value = valueAtSteps(this.document.root, steps)
    return value === undefined ? undefined : this.#use(kind, steps, value, name)
  }

  /** An object of the document, or what the reference in its place leads to, as it stands there. */
  resolve(value: unknown, at: string): { readonly value: JsonObject; readonly at: string } {
    let [found, place] = [value, at]
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      if (!isObject(found)) throw new DocumentError('invalid', place)
      const ref = textAt(found, '$ref')
      if (ref === undefined) return { value: found, at: place }
      const next = this.#find(ref, place)
      found = next.value
      place = next.steps.map(pointerStep).join('')
    }
    throw new DocumentError('circular_ref', at)
  }

  /** Moves what was referred to, and what that refers to. */
  settle(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      for (const { kind, value, name, at } of batch) this.#place(kind, name, this.#move(kind, value, at))
    }
  }

  #field({ kind, of }: Field, value: unknown, at: string): unknown {
    if (of === 'map') return this.map({ kind }, value, at)
    if (kind === 'string' || kind === 'boolean') return typeof value === kind ? value : undefined
    if (kind === 'any') return hasReference(value) ? undefined : value
    if (kind === 'Link') return this.#link(value, at)
    if (kind === 'strings') return Array.isArray(value) ? value.map(String) : undefined
    if (kind === 'Schema') return moveSchema(this, value, at)
    if (kind === 'Callback') return this.#callback(value, at)
    return this.object(kind, value, at)
  }

  /** Always in place, since one that leads nowhere is left out. */
  #link(value: unknown, at: string): JsonObject | undefined {
    const found = this.resolve(value, at)
    const target = this.#parts.linkTarget(found.value)
    if (!target) return undefined
    const { operationId: _, operationRef: __, ...link } = this.object('Link', found.value, found.at)
    return { ...link, ...target }
  }

  #callback(value: unknown, at: string): JsonObject {
    if (!isObject(value)) throw new DocumentError('invalid', at)
    const reference = this.reference('Callback', value, at)
    if (reference) return reference
    const entries = Object.entries(value).filter(([key, item]) => !key.startsWith('x-') && isObject(item))
    return Object.fromEntries(
      entries.map(([key, item]) => {
        const found = this.resolve(item, at + pointerStep(key))
        return [key, this.#parts.movePathItem(found.value, found.at)]
      })
    )
  }

  #move(kind: ReferableKind, value: unknown, at: string): unknown {
    if (kind === 'PathItem') {
      const found = this.resolve(value, at)
      return this.#parts.movePathItem(found.value, found.at)
    }
    return this.#field({ kind }, value, at)
  }

  #find(ref: string, at: string): { readonly steps: string[]; readonly value: unknown } {
    if (!ref.startsWith('#')) {
      const steps = this.#idSteps(ref)
      if (!steps) throw new DocumentError('external_ref', at)
      return { steps, value: valueAtSteps(this.document.root, steps) }
    }
    const steps = pointerSteps(ref)
    const value = steps && valueAtSteps(this.document.root, steps)
    if (!steps || value === undefined) throw new DocumentError('unknown_ref', at)
    return { steps, value }
  }

  /** A schema may be named by its `$id` as well. */
  #idSteps(ref: string): string[] | undefined {
    const schemas = valueAtSteps(this.document.root, ['components', 'schemas'])
    if (!isObject(schemas)) return undefined
    const found = Object.entries(schemas).find(([, each]) => isObject(each) && own(each, '$id') === ref)
    return found && ['components', 'schemas', found[0]]
  }

  #use(kind: ReferableKind, steps: readonly string[], value: unknown, wanted: string): string {
    const at = steps.map(pointerStep).join('')
    const key = `${kind} ${at}`
    const known = this.#moved.get(key)
    if (known !== undefined) return known
    const name = this.#parts.names.claim(COMPONENTS[kind], componentName(this.group, wanted))
    this.#moved.set(key, name)
    this.#waiting.push({ kind, value, name, at })
    return name
  }

  #place(kind: ReferableKind, name: string, component: unknown): void {
    const { components } = this.#parts
    const space = COMPONENTS[kind]
    let places = components.get(space)
    if (!places) components.set(space, (places = new Map()))
    places.set(name, component)
  }
}

/** Fields of whoever wrote the document, which nobody else reads. */
export function extensions(value: JsonObject): (readonly [string, unknown])[] {
  return Object.entries(value).filter(([key, each]) => key.startsWith('x-') && !hasReference(each))
}

/** Whether plain data has what careless readers would take for a reference, be it to another group's components. */
export function hasReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (!Array.isArray(value) && Object.hasOwn(value, '$ref')) return true
  return Object.values(value).some(hasReference)
}
