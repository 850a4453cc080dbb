import { useState } from 'preact/hooks'
import type { RouteView, SplitPart } from '../model/admin-types.ts'
import { duration, percent, rate } from '../model/format.ts'
import { useDocument, useLive } from '../ui/hooks.ts'
import { Icon } from '../ui/icon.tsx'
import { sectionId } from './group-section.tsx'

/** Routes that are shown at once. */
const SHOWN = 200

/** Under which requests are counted that no route takes. */
const NO_ROUTE = '__none__'

/** The route table, with what each does. */
export function RoutesPage() {
  const { state } = useLive()
  const answer = useDocument<readonly RouteView[]>('/api/routes', state.gateway?.generation)
  const [filter, setFilter] = useState('')
  if (!answer) return <p class="splash">Reading the routes …</p>
  if (!answer.ok || !answer.body) return <p class="problem">{answer.detail}</p>
  const routes = answer.body
  const text = filter.trim().toLowerCase()
  const found = routes.filter((route) => text === '' || searchText(route).includes(text))
  return (
    <>
      <div class="toolbar">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Filter routes</span>
          <input
            type="search"
            placeholder="Filter by name, path, host or group"
            value={filter}
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
        <span class="soft">rates and times of the last {state.window} s</span>
      </div>
      <div class="card">
        <table class="plain" role="table" aria-label="Routes">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Route
              </th>
              <th role="columnheader" scope="col">
                Takes
              </th>
              <th role="columnheader" scope="col">
                Goes to
              </th>
              <th role="columnheader" scope="col" class="number">
                Requests/s
              </th>
              <th role="columnheader" scope="col" class="number">
                4xx/s
              </th>
              <th role="columnheader" scope="col" class="number">
                5xx/s
              </th>
              <th role="columnheader" scope="col" class="number">
                p50
              </th>
              <th role="columnheader" scope="col" class="number">
                p99
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {found.slice(0, SHOWN).map((route) => (
              <RouteRow key={route.name} route={route} />
            ))}
            {text === '' && <NoRouteRow />}
          </tbody>
        </table>
        {routes.length === 0 && <p class="empty">No route is configured: everything is answered 404.</p>}
        {routes.length > 0 && found.length === 0 && <p class="empty">No route is like this.</p>}
        {found.length > SHOWN && (
          <p class="more soft">
            {SHOWN} of {found.length} are shown: filter for others.
          </p>
        )}
      </div>
    </>
  )
}

function RouteRow({ route }: { readonly route: RouteView }) {
  const { name, path, methods, hosts, upstream, rewrite, priority, access } = route
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="cell-name">
        <span class="clip" title={route.source ?? name}>
          {name}
        </span>
        {priority !== undefined && priority !== 'normal' && <span class="badge small">{priority}</span>}
        {access !== undefined && <span class="badge small">access</span>}
      </th>
      <td role="cell" data-label="Takes">
        <span class="takes">
          <code>{path}</code>
          <span class="soft">
            {methods?.join(' ') ?? 'any method'}
            {hosts && ` · ${hosts.join(', ')}`}
          </span>
        </span>
      </td>
      <td role="cell" data-label="Goes to">
        <span class="takes">
          {partsOf(upstream).map(({ group, share }) => (
            <a key={group} href="#/" onClick={() => showGroup(group)}>
              <span class="clip" title={group}>
                {group}
              </span>
              {share !== null && <span>{percent(share)}</span>}
            </a>
          ))}
          {rewrite !== undefined && (
            <span class="soft">
              as <code>{rewrite}</code>
            </span>
          )}
        </span>
      </td>
      <Numbers name={name} />
    </tr>
  )
}

/** What no route takes: scanners, mistakes, and routes that are missing. */
function NoRouteRow() {
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="cell-name soft">
        no route
      </th>
      <td role="cell" data-label="Takes" class="soft">
        everything else
      </td>
      <td role="cell" data-label="Goes to" class="soft">
        404, 405, 400
      </td>
      <Numbers name={NO_ROUTE} />
    </tr>
  )
}

function Numbers({ name }: { readonly name: string }) {
  const numbers = useLive().state.routes.get(name)
  const isFailing = (numbers?.serverErrors ?? 0) > 0
  return (
    <>
      <td role="cell" class="number" data-label="Requests/s">
        {rate(numbers?.requests ?? null)}
      </td>
      <td role="cell" class="number" data-label="4xx/s">
        {rate(numbers?.clientErrors ?? null)}
      </td>
      <td role="cell" class={isFailing ? 'number bad' : 'number'} data-label="5xx/s">
        {rate(numbers?.serverErrors ?? null)}
      </td>
      <td role="cell" class="number" data-label="p50">
        {duration(numbers?.p50 ?? null)}
      </td>
      <td role="cell" class="number" data-label="p99">
        {duration(numbers?.p99 ?? null)}
      </td>
    </>
  )
}

function partsOf(
  upstream: string | readonly SplitPart[]
): readonly { group: string; share: number | null }[] {
  if (typeof upstream === 'string') return [{ group: upstream, share: null }]
  const sum = upstream.reduce((all, { weight }) => all + weight, 0)
  return upstream.map(({ group, weight }) => ({ group, share: sum === 0 ? 0 : weight / sum }))
}

/** Once the page of the groups is there. */
function showGroup(name: string): void {
  setTimeout(() => document.querySelector<HTMLElement>(`#${CSS.escape(sectionId(name))}`)?.focus(), 50)
}

function searchText({ name, path, hosts = [], upstream, methods = [] }: RouteView): string {
  const groups = partsOf(upstream).map(({ group }) => group)
  return [name, path, ...hosts, ...groups, ...methods].join(' ').toLowerCase()
}
