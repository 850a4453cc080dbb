import { writeFile, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Listener } from './layout.ts'

/** One gateway of the demo: its own configuration and addresses. */
export interface FleetMember {
  readonly name: string
  readonly config: string
  readonly gateway: Listener
  readonly admin: Listener
}

/** What the gateways of a demo have in common. */
export interface FleetOptions {
  /** The configuration that theirs are made from. */
  readonly config: string
  /** At least 1. */
  readonly count: number
  /** The first one's addresses; each further one takes the next ports. */
  readonly first: { readonly gateway: Listener; readonly admin: Listener }
  /** Of the Redis that they share; undefined = each keeps to itself. */
  readonly redis: string | undefined
  /** Whether replicas register themselves, so that the file names none. */
  readonly registers: boolean
  /** Where what is made goes. */
  readonly folder: string
}

/** A configuration as it is written. */
interface Written {
  server?: Record<string, unknown>
  admin?: Record<string, unknown>
  store?: Record<string, unknown>
  upstreams?: Record<string, Record<string, unknown>>
  routesDir?: string
}

/** Writes the configuration of each gateway: with ports of its own, the store that they share, and groups without backends where those register themselves. */
export async function writeFleet(options: FleetOptions): Promise<FleetMember[]> {
  const { config, count, first, redis, registers, folder } = options
  const text = await readFile(config, 'utf8')
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = count === 1 ? 'gateway' : `gateway-${index + 1}`
      const gateway = { ...first.gateway, name, port: first.gateway.port + index }
      const admin = { ...first.admin, name: `${name} admin`, port: first.admin.port + index }
      const written = parse(text) as Written
      written.server = { ...written.server, port: gateway.port }
      written.admin = { ...written.admin, port: admin.port }
      const path = join(folder, name)
      if (redis !== undefined) written.store = { type: 'redis', url: redis, path }
      else written.store = { type: 'file', path }
      if (written.routesDir !== undefined) written.routesDir = resolve(dirname(config), written.routesDir)
      if (registers) for (const group of Object.values(written.upstreams ?? {})) group['backends'] = []
      const file = join(folder, `${name}.json`)
      await writeFile(file, JSON.stringify(written, undefined, 2))
      return { name, config: file, gateway, admin }
    })
  )
}
