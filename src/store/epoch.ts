import { randomUUID } from 'node:crypto'

/** Earlier epochs that are remembered. */
const REMEMBERED = 16

/**
 * One life of what a Redis holds. It ends with its memory; who knows what was in it begins the next one, which includes
 * it up to the version that they knew. Together a version vector: it tells what somebody knows from what nobody told it.
 */
export interface Epoch {
  /** Random; empty = there is none. */
  readonly id: string
  /** By ids of earlier epochs: the version up to which it includes them. The latest stands last. */
  readonly includes: ReadonlyMap<string, number>
}

/** No epoch: of a Redis that was never written to, or lost everything. */
export const NO_EPOCH: Epoch = { id: '', includes: new Map() }

/** An epoch that includes nothing. */
export function beginEpoch(): Epoch {
  return { id: randomUUID(), includes: new Map() }
}

/** An epoch that includes two others, each up to a version. */
export function joinEpochs(...known: readonly (readonly [Epoch, version: number])[]): Epoch {
  const includes = new Map<string, number>()
  const earlier = known.flatMap(([epoch]) => [...epoch.includes])
  // Their own last, since those are asked for most.
  const own = known.flatMap(([{ id }, version]): [string, number][] => (id === '' ? [] : [[id, version]]))
  for (const [id, version] of [...earlier, ...own]) {
    const most = Math.max(version, includes.get(id) ?? 0)
    includes.delete(id)
    includes.set(id, most)
  }
  return { id: randomUUID(), includes: new Map([...includes].slice(-REMEMBERED)) }
}

/** What somebody knows who knows an epoch up to a version: by ids of epochs, up to which version. */
export function coverOf({ id, includes }: Epoch, version: number): Map<string, number> {
  return id === '' ? new Map() : new Map([...includes, [id, version]])
}

/** An epoch as a text whose first word is its id. */
export function encodeEpoch({ id, includes }: Epoch): string {
  return [id, ...[...includes].map(([other, version]) => `${other}=${version}`)].join(' ')
}

/** What {@link encodeEpoch} made a text of. A word that means nothing is passed over. */
export function decodeEpoch(text: string): Epoch {
  const [id = '', ...words] = text.trim().split(' ')
  const includes = words.flatMap((word): [string, number][] => {
    const [, other, version] = /^([^=]+)=(\d{1,15})$/.exec(word) ?? []
    return other === undefined ? [] : [[other, Number(version)]]
  })
  return { id, includes: new Map(includes) }
}
