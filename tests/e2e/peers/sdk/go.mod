module orqestra/sdkrunner

go 1.19

require orqestra/sdk v0.0.0

replace orqestra/sdk => ../../../../sdk/go
