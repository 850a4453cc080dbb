/** The backends in a process of their own, which takes orders by messages. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ServiceQueue } from '../tail/service-queue.ts'
import { BACKENDS, serviceTimes, SLOTS } from './scenario.ts'

/** What the backends are asked; each is answered. */
export type BackendsOrder =
  /** Where they listen; answered with URLs. */
  | { readonly type: 'urls' }
  /** From now on services take their time, and queues are empty; answered with nothing of interest. */
  | { readonly type: 'begin'; readonly seed: number }
  /** From now on all is answered at once; answered with nothing of interest. */
  | { readonly type: 'end' }

const BODY = Buffer.from('served')

let queues: readonly ServiceQueue[] | undefined
const urls = await Promise.all(Array.from({ length: BACKENDS }, (_, place) => listen(place)))
process.on('message', (order: BackendsOrder) => process.send!(answer(order)))
process.on('disconnect', () => process.exit())

function answer(order: BackendsOrder): object {
  if (order.type === 'urls') return urls
  queues = order.type === 'end' ? undefined : urls.map((_, place) => queue(order.seed, place))
  return {}
}

function queue(seed: number, place: number): ServiceQueue {
  return new ServiceQueue(SLOTS, serviceTimes(seed, place))
}

/** Connections are kept for good, so that none ends in a proxy's hands. */
async function listen(place: number): Promise<string> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    request.resume()
    request.on('end', () => serve(place, response))
  })
  server.listen(0, '127.0.0.1', 4_096)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function serve(place: number, response: ServerResponse): void {
  const finish = (): void => {
    response.setHeader('content-length', BODY.length)
    response.end(BODY)
  }
  if (queues) queues[place]!.add({ isAbandoned: () => response.destroyed, finish })
  else finish()
}
