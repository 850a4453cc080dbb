import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

/** One line of a {@link TimeLine}. */
export interface Series {
  readonly label: string
  readonly points: readonly (number | null)[]
  /** Its colour: a class of styles/tokens.css. */
  readonly tone: 'main' | 'bad' | 'soft'
  /** Whether what is below it is filled. */
  readonly isFilled?: boolean
}

/** What a {@link TimeLine} shows. */
export interface TimeLineProps {
  readonly title: string
  /** Milliseconds since the epoch, one for each point. */
  readonly moments: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number | null) => string
  readonly height?: number
}

/** Seconds that are drawn at least. */
const SPAN = 30

/** A few lines over the last minutes, as far as is known, small, with their last values as words; the pointer asks for others. */
export function TimeLine({ title, moments, series, format, height = 56 }: TimeLineProps) {
  const host = useRef<HTMLDivElement>(null)
  const keys = useRef<HTMLUListElement>(null)
  const plot = useRef<uPlot>(undefined)
  const isSeen = useRef(true)
  const [index, setIndex] = useState<number | null>(null)
  const latest = useRef({ moments, series })
  latest.current = { moments, series }

  useEffect(() => {
    const element = host.current!
    const tones = (): string[] =>
      [...keys.current!.querySelectorAll('.key')].map((key) => getComputedStyle(key).color)
    let colours = tones()
    const chart = new uPlot(
      {
        width: Math.max(40, element.clientWidth),
        height,
        padding: [4, 0, 2, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
        scales: {
          x: { range: () => rangeOf(latest.current.moments) },
          y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 1e-9) * 1.08] }
        },
        axes: [{ show: false }, { show: false }],
        series: [
          {},
          ...series.map(({ isFilled }, place): uPlot.Series => ({
            stroke: () => colours[place]!,
            width: 1.5,
            points: { show: false },
            spanGaps: false,
            ...(isFilled && { fill: () => `color-mix(in srgb, ${colours[place]!} 16%, transparent)` })
          }))
        ],
        hooks: { setCursor: [({ cursor }) => setIndex(cursor.idx ?? null)] }
      },
      dataOf(latest.current),
      element
    )
    plot.current = chart
    const resize = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(40, element.clientWidth), height })
    )
    resize.observe(element)
    const sight = new IntersectionObserver(([entry]) => {
      isSeen.current = entry?.isIntersecting ?? true
      if (isSeen.current) chart.setData(dataOf(latest.current))
    })
    sight.observe(element)
    const repaint = (): void => {
      colours = tones()
      chart.redraw(false)
    }
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    document.addEventListener('themechange', repaint)
    scheme.addEventListener('change', repaint)
    return () => {
      document.removeEventListener('themechange', repaint)
      scheme.removeEventListener('change', repaint)
      resize.disconnect()
      sight.disconnect()
      chart.destroy()
    }
  }, [series.length, height])

  useEffect(() => {
    if (isSeen.current) plot.current?.setData(dataOf({ moments, series }))
  }, [moments, series])

  const place = index !== null && index < moments.length ? index : moments.length - 1
  const values = series.map(({ points }) => format(points[place] ?? null))
  const isPast = place < moments.length - 1
  const when = isPast ? `${Math.round((moments.at(-1)! - moments[place]!) / 1000)} s ago` : 'now'
  const words = series.map(({ label }, each) => `${label} ${values[each]}`).join(', ')
  return (
    <figure class="time-line">
      <figcaption>
        <span class="time-line-title">{title}</span>
        <ul ref={keys} class="keys">
          {series.map(({ label, tone }, each) => (
            <li key={label}>
              <span class={`key key-${tone}`} />
              {label} <b>{values[each]}</b>
            </li>
          ))}
          {isPast && <li class="when">{when}</li>}
        </ul>
      </figcaption>
      <div
        ref={host}
        class="time-line-plot"
        role="img"
        aria-label={`${title} over the last minutes; ${when} ${words}`}
      />
    </figure>
  )
}

function rangeOf(moments: readonly number[]): [number, number] {
  const end = (moments.at(-1) ?? Date.now()) / 1000
  return [Math.min((moments[0] ?? Infinity) / 1000, end - SPAN), end]
}

function dataOf({ moments, series }: Pick<TimeLineProps, 'moments' | 'series'>): uPlot.AlignedData {
  const times = moments.map((at) => at / 1000)
  return [times, ...series.map(({ points }) => times.map((_, place) => points[place] ?? null))]
}
