// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss layer of dlib on this library, beside dlib's own loss_metric: both learn which numbers tell classes apart.
#include <dlib/dnn.h>

#include <contrastive/contrastive.hpp>
#include <contrastive/metrics.hpp>
#include <cstdio>

class loss_sup_con_ : public dlib::loss_metric_ {  // whose labels, outputs (embeddings) and file format are what it needs
 public:
  template <class Labels, class Subnet>
  double compute_loss_value_and_gradient(const dlib::tensor&, Labels first, Subnet& sub) const {
    const dlib::tensor& z = sub.get_output();  // (samples, numbers), row-major
    const std::vector<unsigned long> labels(first, first + z.num_samples());
    const contrastive::matrix_view<const float> rows(z.host(), z.num_samples(), z.k());
    const contrastive::matrix_view<float> gradient(sub.get_gradient_input().host(), z.num_samples(), z.k());
    contrastive::evaluator<float> evaluate{{.threads = 1}};  // made anew: dlib copies its layers
    const contrastive::sup_con loss{.temperature = 0.2, .labels = labels};
    return static_cast<double>(evaluate.value_and_gradient_into({gradient}, loss, rows).loss);
  }
};

using sample = dlib::matrix<float, 32, 1>;
using encoder = dlib::fc<16, dlib::relu<dlib::fc<32, dlib::input<sample>>>>;

static sample draw(unsigned long label, dlib::rand& random) {
  dlib::rand of_class(std::to_string(label));
  sample s;
  for (long i = 0; i < 32; ++i)  // 8 numbers are those of the class, or nearly, and 24 are noise
    s(i) = static_cast<float>((i < 8 ? of_class.get_random_gaussian() : 0) + (i < 8 ? 0.3 : 1) * random.get_random_gaussian());
  return s;
}

// Trains on 200 classes; of 200 others, the share whose samples find the other one of their class.
template <class Loss>
double recall_of_new_classes(contrastive::similarity similarity) {
  dlib::rand random(1);
  dlib::add_loss_layer<Loss, encoder> net;
  dlib::dnn_trainer<decltype(net), dlib::adam> trainer(net, dlib::adam(0, 0.9f, 0.999f));
  trainer.set_learning_rate(3e-3);
  for (unsigned step = 0; step < 400; ++step) {
    std::vector<sample> samples;
    std::vector<unsigned long> labels;
    for (unsigned i = 0; i < 64; ++i) labels.push_back(step * 32 % 200 + i / 2), samples.push_back(draw(labels.back(), random));
    trainer.train_one_step(samples, labels);
  }
  trainer.get_net();  // waits until it has stopped
  Eigen::Matrix<float, 200, 16, Eigen::RowMajor> views[2];
  for (auto& view : views)
    for (unsigned c = 0; c < 200; ++c) view.row(c) = Eigen::Map<const Eigen::RowVectorXf>(&net(draw(1000 + c, random))(0), 16);
  return contrastive::recall(views[0], views[1], 1, similarity);
}

int main() {
  const double ours = recall_of_new_classes<loss_sup_con_>(contrastive::similarity::cosine);
  const double theirs = recall_of_new_classes<dlib::loss_metric_>(contrastive::similarity::negative_squared_euclidean);
  std::printf("new classes recognised: sup_con %.1f %%, dlib's loss_metric %.1f %%\n", 100 * ours, 100 * theirs);
  return ours > 0.5 ? 0 : 1;
}
