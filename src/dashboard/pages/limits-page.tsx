import type { ConfigView, RateLimitView, RouteView } from '../model/admin-types.ts'
import { count, rate, span } from '../model/format.ts'
import type { GroupState } from '../model/live-state.ts'
import { useDocument, useLive } from '../ui/hooks.ts'

interface Scoped {
  readonly scope: string
  readonly limit: RateLimitView
}

/** What clients may ask for, and how much groups and backends take at once. */
export function LimitsPage() {
  const { state } = useLive()
  const generation = state.gateway?.generation
  const config = useDocument<ConfigView>('/api/config', generation)
  const routes = useDocument<readonly RouteView[]>('/api/routes', generation)
  if (!config || !routes) return <p class="splash">Reading the limits …</p>
  if (!config.ok || !config.body) return <p class="problem">{config.detail}</p>
  const rateLimits: readonly Scoped[] = [
    ...config.body.rateLimit.map((limit) => ({ scope: 'the whole gateway', limit })),
    ...(routes.body ?? []).flatMap(({ name, rateLimit = [] }) =>
      rateLimit.map((limit) => ({ scope: `route ${name}`, limit }))
    )
  ]
  return (
    <>
      <RateLimits limits={rateLimits} />
      <GroupLimits config={config.body} groups={[...state.groups.values()]} />
    </>
  )
}

function RateLimits({ limits }: { readonly limits: readonly Scoped[] }) {
  return (
    <section class="card" aria-labelledby="rate-limits">
      <h2 id="rate-limits">Rate limits</h2>
      {limits.length === 0 ? (
        <p class="empty">No rate limit is configured: clients may ask for as much as they like.</p>
      ) : (
        <table class="plain roomy" role="table" aria-labelledby="rate-limits">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Limit
              </th>
              <th role="columnheader" scope="col">
                Of
              </th>
              <th role="columnheader" scope="col" class="number">
                Allowed
              </th>
              <th role="columnheader" scope="col" class="number">
                At once
              </th>
              <th role="columnheader" scope="col">
                Clients by
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {limits.map(({ scope, limit }) => (
              <tr role="row" key={`${scope} ${limit.name}`}>
                <th role="rowheader" scope="row" class="cell-name">
                  {limit.name} {limit.dryRun && <span class="badge small warn">dry run</span>}
                </th>
                <td role="cell" data-label="Of">
                  {scope}
                </td>
                <td role="cell" class="number" data-label="Allowed">
                  {count(limit.limit)} / {span(limit.per)}
                </td>
                <td role="cell" class="number" data-label="At once">
                  {count(limit.burst)}
                </td>
                <td role="cell" data-label="Clients by">
                  <code>
                    {limit.key.map(({ from, name }) => (name ? `${from}:${name}` : from)).join(' + ')}
                  </code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function GroupLimits({
  config,
  groups
}: {
  readonly config: ConfigView
  readonly groups: readonly GroupState[]
}) {
  return (
    <section class="card" aria-labelledby="group-limits">
      <h2 id="group-limits">Groups</h2>
      <table class="plain roomy" role="table" aria-labelledby="group-limits">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Group
            </th>
            <th role="columnheader" scope="col">
              Concurrency
            </th>
            <th role="columnheader" scope="col" class="number">
              Under way
            </th>
            <th role="columnheader" scope="col" class="number">
              In flight
            </th>
            <th role="columnheader" scope="col" class="number">
              Waiting
            </th>
            <th role="columnheader" scope="col" class="number">
              Capped
            </th>
            <th role="columnheader" scope="col" class="number">
              Attempts/s
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {groups.map((group) => (
            <GroupLimitRow key={group.name} group={group} config={config} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function GroupLimitRow({ group, config }: { readonly group: GroupState; readonly config: ConfigView }) {
  const { numbers, backends, name } = group
  const settings = config.upstreams.find((candidate) => candidate.name === name)
  const { concurrency, queue } = settings ?? {}
  const capped = backends.filter(({ facts }) => facts.maxInFlight > 0)
  const full = capped.filter(({ facts, numbers: { inFlight } }) => inFlight >= facts.maxInFlight)
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="cell-name">
        <span class="clip" title={name}>
          {name}
        </span>
      </th>
      <td role="cell" data-label="Concurrency" class={concurrency ? '' : 'soft'}>
        {concurrency
          ? `${concurrency.mode}, ${count(concurrency.min)} to ${count(concurrency.max)}`
          : 'no limit'}
      </td>
      <td role="cell" class="number" data-label="Under way">
        {numbers.concurrency
          ? `${count(numbers.concurrency.underWay)} / ${count(numbers.concurrency.limit)}`
          : '–'}
      </td>
      <td role="cell" class="number" data-label="In flight">
        {count(numbers.inFlight)}
      </td>
      <td role="cell" class={numbers.waiting > 0 ? 'number bad' : 'number'} data-label="Waiting">
        {count(numbers.waiting)}
        {queue && queue.max > 0 && <span class="soft"> / {count(queue.max)}</span>}
      </td>
      <td role="cell" class={full.length > 0 ? 'number bad' : 'number'} data-label="Capped">
        {capped.length === 0 ? '–' : `${count(full.length)} of ${count(capped.length)} full`}
      </td>
      <td role="cell" class="number" data-label="Attempts/s">
        {rate(numbers.requests)}
      </td>
    </tr>
  )
}
