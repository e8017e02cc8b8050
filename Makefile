# Every target is a verb of ./run; arguments go in ARGS: make test ARGS="-k insert"
VERBS := demo test test-all coverage lint format docs bench servers setup

.PHONY: help $(VERBS)

help:
	@./run help

$(VERBS):
	@./run $@ $(ARGS)
