import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Chance } from './chance.ts'

/** How many bytes in a row are sent one by one at most. */
const ONE_BY_ONE = 400

/** Cuts bytes into pieces: none, a few, or between every two of them. */
export function pieces(chance: Chance, text: string): string[] {
  const way = chance.below(3)
  if (way === 0) return [text]
  if (way === 1)
    return cut(
      text,
      chance.list(1 + chance.below(8), () => chance.below(text.length + 1))
    )
  const from = Math.max(0, chance.below(2) * chance.below(text.length - ONE_BY_ONE))
  return cut(
    text,
    Array.from({ length: Math.min(ONE_BY_ONE, text.length) }, (_, index) => from + index)
  )
}

function cut(text: string, places: readonly number[]): string[] {
  const sorted = [...places].sort((one, other) => one - other)
  const parts: string[] = []
  let last = 0
  for (const place of [...sorted, text.length]) {
    if (place > last) parts.push(text.slice(last, place))
    last = Math.max(last, place)
  }
  return parts
}

/** Writes the pieces, latin1, one per turn of the event loop, so that they are read one by one. */
export async function writePieces(socket: Socket, parts: readonly string[]): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (index > 0) await turn()
    if (!socket.writable) return
    socket.write(part, 'latin1')
  }
}
