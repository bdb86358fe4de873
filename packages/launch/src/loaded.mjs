// The first that a launched process runs of its own code: all of it is read by then.

process.emit('trainyard:loaded')
