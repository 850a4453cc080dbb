import type { Contestant } from './contestant.ts'
import { startNodeServer } from './node-server.ts'

/** The heir of node-http-proxy, with an agent that keeps connections. */
export const httpProxy3: Contestant = {
  name: 'http-proxy-3',
  title: 'http-proxy-3',
  logs: false,
  start: (setup) => startNodeServer('http-proxy-3', 'http-proxy-3.ts', setup)
}
