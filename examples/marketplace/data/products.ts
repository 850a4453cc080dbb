import type { Product } from '../schemas.ts'

type Row = readonly [name: string, cents: number, description: string]

/** What the shop sells: ten products in each category, prices in cents. */
const RANGE: Readonly<Record<string, readonly Row[]>> = {
  kitchen: [
    ['Cast Iron Skillet 28 cm', 4490, 'Pre-seasoned pan for every hob, induction included.'],
    ['Chef Knife 20 cm', 7990, 'Forged from one piece of steel, with a walnut handle.'],
    ['Pour-Over Coffee Set', 3990, 'Glass carafe with a reusable filter of stainless steel.'],
    ['Digital Kitchen Scale', 2490, 'Weighs to the gram, up to five kilograms.'],
    ['Stand Mixer 5 l', 24900, 'Ten speeds, planetary action, three attachments.'],
    ['Enamelled Dutch Oven', 12900, 'Keeps heat for hours; six litres.'],
    ['Bamboo Cutting Board', 1990, 'With a groove for the juice, oiled by hand.'],
    ['Electric Kettle 1.7 l', 3490, 'Chooses the temperature that the tea needs.'],
    ['Set of 6 Spice Jars', 1690, 'Airtight glass with lids of cork.'],
    ['Pasta Machine', 5490, 'Nine thicknesses, with a cutter for tagliatelle.']
  ],
  home: [
    ['Reading Lamp', 5990, 'Warm light, dimmable, with a joint that stays where it is put.'],
    ['Wool Blanket', 8900, 'Merino wool in a herringbone weave, 140 by 200 cm.'],
    ['Linen Cushion Cover', 2290, 'Washed linen, 50 by 50 cm, hidden zip.'],
    ['Floor Lamp Tripod', 11900, 'Ash legs and a shade of cotton.'],
    ['Wall Clock 30 cm', 3900, 'Silent movement, readable from across the room.'],
    ['Scented Candle', 1890, 'Soy wax with cedar, burns for forty hours.'],
    ['Storage Basket', 2690, 'Woven from water hyacinth, with two handles.'],
    ['Door Mat', 2190, 'Coconut fibre on a base that does not slip.'],
    ['Ceramic Vase', 3290, 'Thrown by hand, no two alike.'],
    ['Picture Frame Set', 2990, 'Seven oak frames with mounts.']
  ],
  garden: [
    ['Pruning Shears', 3290, 'Bypass blades for branches up to 24 mm.'],
    ['Watering Can 9 l', 2790, 'Galvanised, with a brass rose.'],
    ['Raised Bed Kit', 9900, 'Larch boards that fit together without tools.'],
    ['Solar Path Lights, Set of 8', 4590, 'Light the way for eight hours.'],
    ['Garden Hose 25 m', 3990, 'Does not kink, with four connectors.'],
    ['Bird Feeder', 2490, 'Roof of copper, room for a kilogram of seed.'],
    ['Herb Seed Collection', 1290, 'Twelve kinds, from basil to thyme.'],
    ['Folding Garden Chair', 6900, 'Acacia wood, folds flat for the winter.'],
    ['Compost Bin 300 l', 7490, 'Made from recycled plastic, opens on four sides.'],
    ['Leather Work Gloves', 1990, 'Goatskin with long cuffs against thorns.']
  ],
  electronics: [
    ['Wireless Headphones', 17900, 'Cancel noise and last for thirty hours.'],
    ['USB-C Hub 7 in 1', 4990, 'HDMI, card reader and three USB ports.'],
    ['Portable SSD 1 TB', 10900, 'Writes a gigabyte in a second.'],
    ['Mechanical Keyboard', 12900, 'Brown switches, aluminium frame.'],
    ['Bluetooth Speaker', 7990, 'Waterproof, plays for a whole day.'],
    ['4K Webcam', 9990, 'Sees well in poor light; with a privacy shutter.'],
    ['Power Bank 20 000 mAh', 4490, 'Charges a laptop and a phone at once.'],
    ['Smart Plug', 1990, 'Measures what it switches, works without a cloud.'],
    ['E-Reader 7 inch', 16900, 'Paper-like screen with a warm front light.'],
    ['LED Desk Lamp', 4990, 'Charges a phone in its base.']
  ],
  sports: [
    ['Yoga Mat', 3990, 'Natural rubber, five millimetres, does not slip.'],
    ['Trail Running Shoes', 12900, 'Deep profile and a plate against stones.'],
    ['Insulated Bottle 750 ml', 2990, 'Keeps cold for a day and hot for twelve hours.'],
    ['Resistance Band Set', 2490, 'Five strengths with handles and a door anchor.'],
    ['Bike Helmet', 8990, 'Light, with a rotating inner shell.'],
    ['Headlamp 400 lm', 4490, 'Rechargeable, with a red light for the night.'],
    ['Camping Stove', 5490, 'Boils a litre in three and a half minutes.'],
    ['Backpack 28 l', 9900, 'Airy back, rain cover and a place for the bottle.'],
    ['Adjustable Dumbbell', 18900, 'From two to twenty-four kilograms with one turn.'],
    ['Swimming Goggles', 2290, 'Clear in the water, without a mark around the eyes.']
  ],
  books: [
    ['The Quiet Harbour', 1490, 'A novel about a town that the sea is leaving.'],
    ['Bread from Four Ingredients', 2990, 'Sixty loaves, explained step by step.'],
    ['A Short History of Maps', 2490, 'How people drew the world before they had seen it.'],
    ['Streams and Backpressure', 3990, 'Why fast servers wait, and how they do it well.'],
    ['The Night Gardener', 1290, 'A crime story among greenhouses.'],
    ['Mountains of the North', 3490, 'Forty walks with maps and the stories behind them.'],
    ['Drawing Every Day', 1990, 'A year of small exercises for beginners.'],
    ['Queues: Lines and Waiting', 4490, 'The mathematics of patience, with many pictures.'],
    ['The Lamp Lighter', 990, 'A picture book for children from four years.'],
    ['Letters from the Lighthouse', 1690, 'A correspondence over thirty winters.']
  ]
}

function products(): Product[] {
  const list: Product[] = []
  for (const [category, rows] of Object.entries(RANGE)) {
    for (const [index, [name, cents, description]] of rows.entries()) {
      list.push({
        id: String(list.length + 1),
        sku: `${category.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(3, '0')}`,
        name,
        category,
        description,
        price: { cents, currency: 'EUR' }
      })
    }
  }
  return list
}

/** All products in the order of their ids, `1` to `60`; the same in every replica and at every start. */
export const PRODUCTS: readonly Product[] = products()

/** The products by their article number, such as `HOM-001`. */
export const PRODUCTS_BY_SKU: ReadonlyMap<string, Product> = new Map(
  PRODUCTS.map((product) => [product.sku, product])
)

/** What lies on the shelf of a product before anybody changes it: 5 to 104 pieces, the same at every start. */
export function initialQuantity(product: Product): number {
  return 5 + ((Number(product.id) * 37) % 100)
}
