// tapeline._kernels: the pipeline's own indicators, for Python.
#include "analysis/native/arrays.hpp"
#include "analysis/native/streams.hpp"

NB_MODULE(_kernels, module) {
  module.doc() = "The kernels of core/indicators; see tapeline.indicators";
  tapeline::python::bind_arrays(module);
  tapeline::python::bind_streams(module);
}
