/** The attacker in a process of its own, which takes orders by messages. */
import { FLOODS } from './floods.ts'
import { HTTP2_FLOODS } from './http2-floods.ts'
import { Tally } from './tally.ts'

/** What to do; answered with counts of what was done, and of what came back. */
export interface AttackOrder {
  /** Of {@link FLOODS} or {@link HTTP2_FLOODS}. */
  readonly flood: string
  readonly port: number
  /** Milliseconds. */
  readonly duration: number
}

const ADDRESS = '127.0.0.2'

process.on('message', ({ flood, port, duration }: AttackOrder) => {
  const tally = new Tally()
  const act = FLOODS[flood] ?? HTTP2_FLOODS[flood]!
  void act({ port, from: ADDRESS, strength: 1, tally }, AbortSignal.timeout(duration)).then(() =>
    process.send!(tally.counts)
  )
})
process.on('disconnect', () => process.exit())
