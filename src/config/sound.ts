import { isWithin, type Path } from './path.ts'

/** Data of which every value that is there has the type that the schema wants, and any may be missing. */
export type Sound<T> = T extends readonly (infer Item)[]
  ? readonly (Sound<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Sound<T[K]> | undefined }
    : T

/**
 * Copies data without the values at the given places, so that what is left can be checked although other parts
 * are wrong. A list keeps its length: what is left out of it is undefined.
 */
export function withoutPlaces(root: unknown, places: readonly Path[]): unknown {
  if (places.some((place) => place.length === 0)) return undefined
  return copy(root, places, 0)
}

function copy(value: unknown, places: readonly Path[], depth: number): unknown {
  const rest = (step: string | number) => places.filter((place) => place[depth] === step)
  const isPlace = (below: readonly Path[]) => below.some((place) => place.length === depth + 1)
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      const below = rest(index)
      return isPlace(below) ? undefined : copy(item, below, depth + 1)
    })
  }
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const below = rest(key)
    return isPlace(below) ? [] : [[key, copy(item, below, depth + 1)] as const]
  })
  return Object.fromEntries(kept)
}

/** Whether nothing at or below a place is wrong. */
export function isSound(place: Path, wrong: readonly Path[]): boolean {
  return !wrong.some((path) => isWithin(path, place))
}
