import { coverOf, type Epoch, joinEpochs } from './epoch.ts'
import type { Entry, StoreSnapshot } from './registrations.ts'

/** What somebody knows: the entries as of a version of an epoch. */
export interface Knowledge {
  readonly epoch: Epoch
  readonly snapshot: StoreSnapshot
}

/**
 * Versions of one epoch begin at a multiple of this: far above all of the epochs that it includes, so that an entry's
 * version tells whether it was written before or after.
 */
export const EPOCH_VERSIONS = 1_000_000

/** What to do about what Redis says. */
export type Verdict =
  | { readonly verdict: 'believe' }
  /** It lost some of what is known here, and nobody else has brought that back: this is what it should hold. */
  | { readonly verdict: 'repair'; readonly whole: Knowledge }
  /** It may have lost something, but nobody can tell: both together are to be served, and nothing is to be written. */
  | { readonly verdict: 'doubt'; readonly both: StoreSnapshot }

/**
 * Whether to believe what Redis says.
 *
 * - It includes the version that is known here: believed, however little it is. Somebody removed the rest.
 * - It includes some of the known past but not all: it came back from an old dump or an old replica, or somebody who
 *   knew less restored it. What is known here beyond that is brought in.
 * - It shares no past with what is known, and is empty: it lost everything, and gets it back.
 * - It shares no past, has something, but less than half as many entries as are known (of at least 2): doubted.
 * - Else it is believed: it is another registry, or this gateway was away for very long.
 *
 * What can't be told: when a Redis lost everything and the only gateway left was away for long, entries come back that
 * were removed meanwhile. When an old replica takes over and has been written to, up to the known version, by who did
 * not know what was lost, that is lost. What was written to one that came back from an old dump before anybody noticed
 * is lost where the entry was not known here.
 *
 * @param isDoubted - Whether it was doubted before: that ends by an operator, or by somebody who shares the past.
 */
export function judge(known: Knowledge, seen: Knowledge, isDoubted = false): Verdict {
  const { version, entries } = known.snapshot
  if (version === 0) return { verdict: 'believe' }
  const cover = coverOf(seen.epoch, seen.snapshot.version)
  if ((cover.get(known.epoch.id) ?? -1) >= version) return { verdict: 'believe' }
  const shared = [...coverOf(known.epoch, version).keys()].flatMap((id) => cover.get(id) ?? [])
  if (shared.length > 0) return { verdict: 'repair', whole: merge(known, seen, Math.max(...shared)) }
  const count = seen.snapshot.entries.size
  if (count === 0) return { verdict: 'repair', whole: merge(known, seen, 0) }
  if (isDoubted || (entries.size >= 2 && count < entries.size / 2)) {
    return { verdict: 'doubt', both: unite(known, seen).snapshot }
  }
  return { verdict: 'believe' }
}

/** Both, whatever was removed where; of an entry that both have, what Redis says. */
export function unite(known: Knowledge, seen: Knowledge): Knowledge {
  return following(known, seen, new Map([...known.snapshot.entries, ...seen.snapshot.entries]))
}

/**
 * What is known joined with what was seen, where both know the same up to a version of their common past. Of an entry
 * that both have, the higher version.
 *
 * @param common - That version. What has at most this one was known to both: where it is missing, it was removed.
 */
function merge(known: Knowledge, seen: Knowledge, common: number): Knowledge {
  const ours = [...known.snapshot.entries].filter(
    ([key, { version }]) => version > (seen.snapshot.entries.get(key)?.version ?? common)
  )
  const theirs = [...seen.snapshot.entries].filter(([key, { version }]) => {
    const other = known.snapshot.entries.get(key)
    return other ? version >= other.version : version > common
  })
  return following(known, seen, new Map([...ours, ...theirs]))
}

function following(known: Knowledge, seen: Knowledge, entries: ReadonlyMap<string, Entry>): Knowledge {
  const highest = Math.max(known.snapshot.version, seen.snapshot.version)
  const version = (Math.floor(highest / EPOCH_VERSIONS) + 1) * EPOCH_VERSIONS
  const epoch = joinEpochs([known.epoch, known.snapshot.version], [seen.epoch, seen.snapshot.version])
  return { epoch, snapshot: { version, entries } }
}
