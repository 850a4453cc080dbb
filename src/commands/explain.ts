import { isIP } from 'node:net'
import { addressBlocks } from '../address-blocks.ts'
import { parseHeader } from '../admin/explain.ts'
import { loadConfig } from '../config/load.ts'
import { type Explanation, explain as explainRequest, type ExplainRequest } from '../explain.ts'
import { RouteTable } from '../routing/route-table.ts'
import { withKeptSecret } from '../store/affinity-secret.ts'
import { UpstreamRegistry } from '../upstreams/registry.ts'
import { AdminClient, checkAdmin } from './admin-client.ts'
import { describeExplanation } from './describe-explanation.ts'
import { type Command, type CommandOptions, NoGatewayError, UsageError } from './main.ts'

/** How long the admin API may take before the file alone is asked, in milliseconds. */
const ADMIN_TIMEOUT = 2_000

/** Says which route, group and backends would serve a request, and why: from the running gateway, else the file. */
export const explain: Command = async (options, [method, url]) => {
  if (method === undefined || url === undefined) throw new UsageError('explain needs a METHOD and a URL')
  checkWords(options, method, url)
  const { client } = options
  const request: ExplainRequest = {
    method: method.toUpperCase(),
    url,
    headers: Object.fromEntries(options.header.map(parseHeader)),
    ...(client !== undefined && { client })
  }
  const live = await askGateway(options, request)
  const explanation = live ?? (await fromFile(options.config, request))
  process.stdout.write(
    `${live ? 'from the running gateway' : `from ${options.config}, no gateway answers`}\n`
  )
  process.stdout.write(describeExplanation(explanation))
  return explanation.outcome === 'forward' || explanation.outcome === 'queued' ? 0 : 1
}

/** RFC 9110 section 5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const METHOD = new RegExp(`^${TOKEN}$`)
const HEADER = new RegExp(`^${TOKEN}\\s*:`)

/** A slip of the fingers must not be explained as if it were meant. */
function checkWords({ header, admin, client }: CommandOptions, method: string, url: string): void {
  if (!METHOD.test(method)) throw new UsageError(`expected a METHOD such as GET, got "${method}"`)
  if (!/^(?:\/|https?:\/\/.)/i.test(url)) {
    throw new UsageError(`expected a URL that starts with "/", http:// or https://, got "${url}"`)
  }
  const wrong = header.find((text) => !HEADER.test(text))
  if (wrong !== undefined) throw new UsageError(`expected --header name:value, got "${wrong}"`)
  if (client !== undefined && isIP(client) === 0) {
    throw new UsageError(`expected --client with an IP address, got "${client}"`)
  }
  checkAdmin(admin)
}

/**
 * @returns undefined when no gateway answers.
 * @throws CommandError when one does and refuses.
 */
async function askGateway(
  options: CommandOptions,
  request: ExplainRequest
): Promise<Explanation | undefined> {
  const query = new URLSearchParams({ method: request.method, url: request.url })
  for (const header of options.header) query.append('header', header)
  if (request.client !== undefined) query.set('client', request.client)
  const client = await AdminClient.of(options)
  try {
    const reply = await client.ask('GET', `api/explain?${query.toString()}`, undefined, ADMIN_TIMEOUT)
    const explanation = (reply.body ?? {}) as Partial<Explanation>
    if (explanation.outcome === undefined) throw client.refusal(reply)
    return explanation as Explanation
  } catch (error) {
    if (error instanceof NoGatewayError) return undefined
    throw error
  }
}

async function fromFile(file: string, request: ExplainRequest): Promise<Explanation> {
  const config = await withKeptSecret(await loadConfig(file))
  const registry = new UpstreamRegistry()
  registry.prepare(config.upstreams)
  registry.commit(config.upstreams, 1)
  const trusted = addressBlocks(config.server.trustProxy)
  return explainRequest(
    { table: new RouteTable(config.routes, config.server.limits.maxHeaders), registry, trusted },
    request
  )
}
