import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/groups.css'
import './styles/tables.css'
import './styles/dialogs.css'
import { App } from './app.tsx'
import { applyTheme, storedTheme } from './ui/theme.tsx'

applyTheme(storedTheme())
render(<App />, document.querySelector('#app')!)
