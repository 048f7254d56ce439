// The pump sees from the thread pool of the process when its simulations are idle, so nothing else may run beside it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
