export { bundle } from './bundle.mjs'
export { launchArguments } from './launch-arguments.mjs'
