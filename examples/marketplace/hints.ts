import type { FleetMember } from './fleet.ts'
import type { Layout, Replica } from './layout.ts'

const JSON_BODY = `-H 'content-type: application/json' -d`

/** What the hints need to know of a running demo. */
export interface Running {
  readonly layout: Layout
  readonly fleet: readonly FleetMember[]
  /** By name of the replica. */
  readonly pids: ReadonlyMap<string, number | undefined>
  /** By name of the gateway. */
  readonly logFiles: ReadonlyMap<string, string>
}

/** An origin that a client on this machine can use: a wildcard is no address to connect to. */
export function originOf({ host, port }: { host: string; port: number }): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** Where the admin API has a replica, as a shell and a client take it. */
function backendAt(admin: string, replica: Replica): string {
  return `${admin}/api/upstreams/${replica.kind}/backends/${encodeURI(new URL(originOf(replica)).host)}`
}

/** What runs where, and commands that work as printed. */
export function hints({ layout, fleet, pids, logFiles }: Running): string {
  const gateway = originOf(layout.gateway)
  const admin = originOf(layout.admin)
  const replica = (name: string) => layout.replicas.find((replica) => replica.name === name)
  const lines = [
    'The marketplace is open.',
    ...layout.replicas.map(
      (replica) => `  ${replica.name.padEnd(12)} ${originOf(replica)}  pid ${pids.get(replica.name)}`
    ),
    ...fleet.flatMap((member) => [
      `  ${member.name.padEnd(12)} ${originOf(member.gateway)}  log ${logFiles.get(member.name)}`,
      `  ${'admin'.padEnd(12)} ${originOf(member.admin)}`,
      `  ${'dashboard'.padEnd(12)} ${originOf(member.admin)}/`
    ]),
    '',
    `What the shop can do, to read and to try out: ${gateway}/docs`,
    '',
    'Shop:',
    `  curl '${gateway}/api/products?q=lamp&pageSize=3'`,
    `  curl -i ${gateway}/api/products/42`,
    `  curl -X PUT ${gateway}/api/inventory/HOM-001 ${JSON_BODY} '{"quantity": 7}'`,
    `  curl ${gateway}/api/inventory/HOM-001`,
    `  curl -i ${gateway}/api/orders ${JSON_BODY} '{"items": [{"sku": "HOM-001", "quantity": 2}]}'`,
    `  curl '${gateway}/api/orders?pageSize=3'`,
    '',
    'Who serves? Ask nine times:',
    `  for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null -D - ${gateway}/api/products/42 | grep -i x-served-by; done`
  ]
  const [one, two, three] = [replica('catalog-1'), replica('catalog-2'), replica('catalog-3')]
  if (one && two && three) {
    lines.push(
      '',
      'Make a replica ill, ask again, and see that the gateway avoids it (all three at once, and it answers 503):',
      `  curl ${originOf(one)}/_switch ${JSON_BODY} '{"mode": "failing"}'               # 503 to everything`,
      `  curl ${originOf(two)}/_switch ${JSON_BODY} '{"mode": "slow", "delay": 2000}'   # answers late`,
      `  curl ${originOf(three)}/_switch ${JSON_BODY} '{"mode": "down", "for": "20s"}'    # refuses connections, then returns`,
      `  kill -9 ${pids.get(three.name)}   # ${three.name} dies, and is started again after 10 s`,
      'and well again:',
      `  curl ${originOf(one)}/_switch ${JSON_BODY} '{"mode": "ok"}'`,
      `  curl ${originOf(two)}/_switch ${JSON_BODY} '{"mode": "ok"}'`,
      '',
      'Take a replica out by hand, ask who would serve and why, and let it back:',
      `  curl -X PATCH ${backendAt(admin, two)} ${JSON_BODY} '{"state": "draining"}'`,
      `  npx xecureapi explain GET /api/products/42 --admin ${admin}`,
      `  curl -X PATCH ${backendAt(admin, two)} ${JSON_BODY} '{"state": "active"}'`
    )
  }
  lines.push(
    '',
    'Start one more replica, which registers itself and leaves when you stop it (Ctrl-C):',
    `  SERVICE=catalog NAME=catalog-4 PORT=3004 GATEWAY=${fleet.map((member) => originOf(member.admin)).join(',')} npm run replica`,
    `  npx xecureapi backends list catalog --admin ${admin}`
  )
  lines.push('', 'Is the gateway ready?', `  curl -i ${admin}/readyz`, '', 'Ctrl-C stops everything.')
  return lines.join('\n')
}
