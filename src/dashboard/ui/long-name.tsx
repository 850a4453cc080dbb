/** A port, or the last characters: what names often differ in alone is always to be seen. */
const TAIL = /(?::\d+(?:\+tls)?|.{6})$/

/** A name on one line; where there is no room, it is cut in the middle. Whoever shows it gives all of it as a title. */
export function LongName({ name }: { readonly name: string }) {
  const tail = TAIL.exec(name)?.[0] ?? ''
  return (
    <span class="long-name">
      <span class="clip">{name.slice(0, name.length - tail.length)}</span>
      <span>{tail}</span>
    </span>
  )
}
