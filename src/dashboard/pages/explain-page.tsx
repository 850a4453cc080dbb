import { useState } from 'preact/hooks'
import { percent } from '../model/format.ts'
import { type Answer, ask } from '../net/api.ts'
import { AnswerNote } from '../ui/dialog-parts.tsx'
import { fieldText } from '../ui/form.ts'
import { LongName } from '../ui/long-name.tsx'

/** What `/api/explain` answers, as far as it is shown. */
interface ExplanationView {
  readonly outcome: string
  readonly status?: number
  readonly allow?: readonly string[]
  readonly route?: { readonly name: string }
  readonly target?: string
  readonly group?: string
  readonly balancing?: string
  readonly backends?: readonly {
    readonly id: string
    readonly accepted: boolean
    readonly share: number
    readonly reason: string
    readonly healthReason?: string
  }[]
}

/** Outcomes with which a request would get to a backend. */
const SERVED: ReadonlySet<string> = new Set(['forward', 'queued'])

/** Asks how a request would be served, and why. Nothing is sent to any backend. */
export function ExplainPage() {
  const [answer, setAnswer] = useState<Answer<ExplanationView> | null>(null)
  const [isBusy, setBusy] = useState(false)

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const query = new URLSearchParams({ method: fieldText(form, 'method'), url: fieldText(form, 'url') })
    for (const line of fieldText(form, 'headers').split('\n'))
      if (line.trim() !== '') query.append('header', line.trim())
    setBusy(true)
    setAnswer(await ask<ExplanationView>(`/api/explain?${query}`))
    setBusy(false)
  }
  return (
    <>
      <form class="card explain-form" onSubmit={(event) => void send(event)}>
        <h2>How would a request be served?</h2>
        <div class="explain-fields">
          <p class="field">
            <label for="method">Method</label>
            <select id="method" name="method">
              {['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => (
                <option key={method}>{method}</option>
              ))}
            </select>
          </p>
          <p class="field grow">
            <label for="url">Path or URL</label>
            <input
              id="url"
              name="url"
              required
              pattern="(/|https?://).*"
              placeholder="/api/products/42"
              autocomplete="off"
            />
          </p>
          <p class="field grow">
            <label for="headers">Header fields, one a line</label>
            <textarea
              id="headers"
              name="headers"
              rows={1}
              placeholder="host: shop.example.com"
              spellcheck={false}
            />
          </p>
          <button type="submit" class="button primary" disabled={isBusy}>
            Explain
          </button>
        </div>
        <p class="soft">Nothing is sent, picked or counted.</p>
        <AnswerNote answer={answer} />
      </form>
      {answer?.ok && answer.body && <Explained explanation={answer.body} />}
    </>
  )
}

function Explained({ explanation }: { readonly explanation: ExplanationView }) {
  const { outcome, status, allow, route, target, group, balancing, backends } = explanation
  return (
    <section class="card" aria-label="Explanation" aria-live="polite">
      <p class="outcome">
        <span class={SERVED.has(outcome) ? 'badge good' : 'badge bad'}>{outcome}</span>
        {status !== undefined && <span>answered {status}</span>}
        {allow && <span>this address takes {allow.join(', ')}</span>}
        {route && (
          <span>
            route <b>{route.name}</b>
          </span>
        )}
        {group !== undefined && (
          <span>
            group <b>{group}</b> by {balancing}
          </span>
        )}
        {target !== undefined && (
          <span>
            backends are asked for <code>{target}</code>
          </span>
        )}
      </p>
      {backends && (
        <table class="plain" role="table" aria-label="Backends that may serve it">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Backend
              </th>
              <th role="columnheader" scope="col">
                May have it
              </th>
              <th role="columnheader" scope="col">
                Why
              </th>
              <th role="columnheader" scope="col" class="number">
                Share
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {backends.map(({ id, accepted, share, reason, healthReason }) => (
              <tr role="row" key={id}>
                <th role="rowheader" scope="row" title={id}>
                  <LongName name={id} />
                </th>
                <td role="cell" data-label="May have it" class={accepted ? 'good' : 'bad'}>
                  {accepted ? 'yes' : 'no'}
                </td>
                <td role="cell" data-label="Why">
                  <code>{reason}</code>
                  {healthReason !== undefined && healthReason !== reason && (
                    <>
                      {' '}
                      (<code>{healthReason}</code>)
                    </>
                  )}
                </td>
                <td role="cell" class="number" data-label="Share">
                  {percent(share)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
