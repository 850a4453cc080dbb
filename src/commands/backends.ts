import type { BackendView, GroupView } from '../admin/upstream-view.ts'
import { backendId } from '../upstreams/backend.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, type CommandOptions, UsageError } from './main.ts'
import { formatTable } from './table.ts'

/** Lists the backends of a running gateway, and adds, drains, enables and removes them. */
export const backends: Command = async (options, [action = '', ...words]) => {
  process.stdout.write(await steerBackends(options, action, words))
  return 0
}

/** The options that {@link steerBackends} goes by. */
export type BackendsOptions = Omit<CommandOptions, 'client' | 'header' | 'logLevel' | 'watch'>

/**
 * Does what a subcommand of `backends` says.
 *
 * @returns What it prints: for people, or with `json` what the admin API answered.
 * @throws UsageError for wrong words; NoGatewayError; CommandError when the gateway refuses.
 */
export async function steerBackends(
  options: BackendsOptions,
  action: string,
  words: readonly string[]
): Promise<string> {
  const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
  if (!act) throw new UsageError(`backends can ${Object.keys(ACTIONS).join(', ')}`)
  // Before anything is asked: wrong words are told as such whether a gateway runs or not.
  const prepared = act(options, words)
  const client = await AdminClient.of(options)
  const { status, body } = await client.demand(prepared.method, prepared.path, prepared.body)
  if (!options.json) return prepared.describe(body, status)
  return body === undefined ? '' : `${JSON.stringify(body, undefined, 2)}\n`
}

/** What is asked of the admin API, and what is said of its answer. */
interface Action {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly describe: (body: unknown, status: number) => string
}

const ACTIONS: Readonly<Record<string, (options: BackendsOptions, words: readonly string[]) => Action>> = {
  list: (_options, [group]) => ({
    method: 'GET',
    path: group === undefined ? 'api/upstreams' : groupPath(group),
    describe: (body) => listed([body].flat() as GroupView[])
  }),
  add: (options, words) => {
    const [group, url] = two(words, 'backends add needs a GROUP and a URL')
    readId(url, 'URL')
    return {
      method: 'POST',
      path: `${groupPath(group)}/backends`,
      body: { url, ...asked(options) },
      describe: (body, status) => {
        const { id, state, health } = body as BackendView
        const done = status === 201 ? `registered ${id} in ${group}` : `${id} is in ${group} already`
        return `${done}: ${state}, ${health}\n`
      }
    }
  },
  drain: (_options, words) => stateChange('drain', 'draining', words),
  enable: (_options, words) => stateChange('enable', 'active', words),
  remove: ({ now }, words) => {
    const [group, path, id] = place(words, 'remove')
    return {
      method: 'DELETE',
      path: now ? `${path}?now=true` : path,
      describe: (body) => {
        const { inFlight } = (body ?? {}) as Partial<BackendView>
        if (now || inFlight === undefined) return `${id} is out of ${group}\n`
        return `${id} leaves ${group}: ${inFlight} in flight\n`
      }
    }
  }
}

function stateChange(action: string, state: string, words: readonly string[]): Action {
  const [group, path, id] = place(words, action)
  return {
    method: 'PATCH',
    path,
    body: { state },
    describe: (body) => {
      const { state, health, inFlight } = body as BackendView
      return `${id} of ${group} is ${state}: ${health}, ${inFlight} in flight\n`
    }
  }
}

/** The facts of a new backend; whether they are in range is the gateway's to say. */
function asked(options: BackendsOptions): object {
  const { ttl, initially } = options
  const weight = readCount('--weight', options.weight)
  const tier = readCount('--tier', options.tier)
  const maxInFlight = readCount('--max-in-flight', options.maxInFlight)
  return {
    ...(weight !== undefined && { weight }),
    ...(tier !== undefined && { tier }),
    ...(maxInFlight !== undefined && { maxInFlight }),
    ...(ttl !== undefined && { ttl }),
    ...(initially !== undefined && { initially })
  }
}

function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text)) throw new UsageError(`expected ${name} with a whole number, got "${text}"`)
  return Number(text)
}

function two(words: readonly string[], message: string): readonly [string, string] {
  const [first, second] = words
  if (first === undefined || second === undefined) throw new UsageError(message)
  return [first, second]
}

/** @returns The group, the path of the backend and its id, whether its id or its URL was given. */
function place(words: readonly string[], action: string): readonly [string, string, string] {
  const [group, word] = two(words, `backends ${action} needs a GROUP and an ID or URL`)
  const id = word.includes('://') ? readId(word, 'ID or URL') : word
  return [group, `${groupPath(group)}/backends/${encodeURIComponent(id)}`, id]
}

function readId(url: string, what: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new UsageError(`expected a ${what} such as http://10.0.0.7:3001, got "${url}"`)
  }
  return backendId(url)
}

function groupPath(group: string): string {
  return `api/upstreams/${encodeURIComponent(group)}`
}

const HEAD = [
  'GROUP',
  'ID',
  'STATE',
  'HEALTH',
  'REASON',
  'TIER',
  'WEIGHT',
  'CAP',
  'IN FLIGHT',
  'SHARE',
  'SOURCE'
]

function listed(groups: readonly GroupView[]): string {
  const rows = groups.flatMap(({ name, backends }) =>
    backends.map((backend) => [
      name,
      backend.id,
      backend.state,
      backend.health,
      backend.reason,
      String(backend.tier),
      String(backend.weight),
      backend.maxInFlight === 0 ? 'none' : String(backend.maxInFlight),
      String(backend.inFlight),
      `${Math.round(backend.share * 100)}%`,
      backend.source
    ])
  )
  return formatTable([HEAD, ...rows])
}
