import { moment } from '../model/format.ts'
import { useLive } from '../ui/hooks.ts'
import { Icon } from '../ui/icon.tsx'

/** That the last reload failed, with its errors: what is in the file is not what serves. */
export function LastReloadNote() {
  const { reload, at } = useLive().state
  if (reload?.outcome !== 'failed') return null
  return (
    <section class="banner" aria-label="Last reload">
      <Icon name="warning" />
      <div>
        <p>
          <b>The last reload failed</b> at{' '}
          <time dateTime={reload.time}>{moment(Date.parse(reload.time), at)}</time>. Generation{' '}
          {reload.generation} goes on serving.
        </p>
        <ErrorList errors={reload.errors} />
      </div>
    </section>
  )
}

/** Errors of a configuration, one line each. */
export function ErrorList({ errors }: { readonly errors: readonly string[] }) {
  return (
    <ul class="errors">
      {errors.map((error) => (
        <li key={error}>
          <code>{error}</code>
        </li>
      ))}
    </ul>
  )
}
