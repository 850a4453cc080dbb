/** The same list, started elsewhere, every second time backwards: nobody follows the same neighbour all the time. */
export function rotated<Item>(items: readonly Item[], round: number): Item[] {
  const turn = round % items.length
  const list = [...items.slice(turn), ...items.slice(0, turn)]
  return round % 2 === 0 ? list : list.toReversed()
}
