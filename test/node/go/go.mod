module typekro.test/workload

go 1.24
